// Talking to the stand-in: requests, and the stream of events.

export class Refused extends Error {}

async function request(method, path, body) {
  const options = { method, headers: {} };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(`/standin${path}`, options);
  } catch {
    throw new Refused("The stand-in does not answer. Is it still running?");
  }
  const answer = response.status === 204 ? null : await response.json();
  if (!response.ok) throw new Refused(answer.message ?? `Error ${response.status}`);
  return answer;
}

export const get = (path) => request("GET", path);
export const post = (path, body) => request("POST", path, body);

/** Call `onEvent` with every event, `onOpen` after each connect, `onLost` when it breaks. */
export function listen({ onEvent, onOpen, onLost }) {
  const source = new EventSource("/standin/events");
  source.onopen = onOpen;
  source.onerror = onLost;
  source.onmessage = (message) => onEvent(JSON.parse(message.data));
}
