// Runs before the first paint, so that a dark page never flashes white.
(() => {
  const kept = localStorage.getItem("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const chosen = localStorage.getItem("theme") ?? (system.matches ? "dark" : "light");
    document.documentElement.dataset.theme = chosen;
    document.dispatchEvent(new Event("themechange"));
  };
  if (kept !== null && kept !== "dark" && kept !== "light") localStorage.removeItem("theme");
  system.addEventListener("change", apply);
  apply();
})();
