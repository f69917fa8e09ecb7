// News by server-sent events. Where they do not come through, the page asks by itself.

import { get } from "./api.js";

const ASK_EVERY = 15000;

/** Calls `tell(health, now, isLive, error)` with each piece of news; `now` is the server's clock. */
export function listen(tell) {
  let source = null;
  let isOpen = false;
  const ask = () => get("health").then(
    ({ health, now }) => tell(health, now, isOpen, null),
    (error) => tell(null, null, false, error),
  );
  const open = () => {
    source = new EventSource("/data/live");
    source.addEventListener("health", (event) => {
      isOpen = true;
      const { health, now } = JSON.parse(event.data);
      tell(health, now, true, null);
    });
    source.addEventListener("error", () => {
      isOpen = false;
      ask();
    });
  };
  open();
  setInterval(() => {
    if (isOpen) return;
    ask();
    // A browser connects again by itself, unless the server refused.
    if (source.readyState === EventSource.CLOSED) open();
  }, ASK_EVERY);
  // A page that is kept for "back" must not hold a stream.
  addEventListener("pagehide", () => { source.close(); isOpen = false; });
  addEventListener("pageshow", (event) => { if (event.persisted) open(); });
}
