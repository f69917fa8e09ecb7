// Requests to the server. Every failure is an Error whose message is a sentence for people.

/** JSON of a path under /data. */
export async function get(path, signal) {
  return answer(await reach(`/data/${path}`, { signal }));
}

/** Sends JSON to a path. */
export async function post(path, content = {}) {
  const token = document.querySelector('meta[name="csrf-token"]').content;
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": token };
  return answer(await reach(path, { method: "POST", headers, body: JSON.stringify(content) }));
}

/** The query of a panel: the range, and the labels of the thing that the page is about. */
export function query(range, where = {}) {
  const search = new URLSearchParams({ range });
  for (const [name, value] of Object.entries(where)) search.set(`where.${name}`, value);
  return search.toString();
}

async function reach(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The dashboard's server does not answer.");
  }
}

async function answer(response) {
  if (response.status === 401) {
    const next = encodeURIComponent(location.pathname + location.search);
    location.assign(`/login?next=${next}`);
  }
  const content = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(content.error ?? `The server answered ${response.status}.`);
  return content;
}
