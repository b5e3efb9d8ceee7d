// Calls to the server. Either an answer, or `Refused` (the server said no), or `Unreachable` (nobody knows).

const PATIENCE = 6000; // milliseconds; whoever stands at a counter does not wait longer
const AWAY = 502; // from here on it is not the server that answers

export class Refused extends Error {
  constructor(status, error, retryAfter) {
    super(error.message ?? "");
    this.status = status;
    this.sent = status >= 500; // a server that failed may have done it before
    this.code = error.code ?? "";
    this.fields = error.fields ?? {};
    this.details = error;
    this.retryAfter = Number(error.retry_after ?? retryAfter ?? 0);
  }

  /** Whether the same request may be accepted later. */
  get passes() {
    return this.status === 401 || this.status === 429 || this.status >= 500;
  }
}

export class Unreachable extends Error {
  /** `sent`: whether the server may have done what was asked. `status`: what somebody answered in its place. */
  constructor({ sent = false, status = 0 } = {}) {
    super();
    Object.assign(this, { sent, status });
  }
}

/** Whether what was asked for can wait here: nobody heard it, too many asked at once, or the server failed. */
export function mayKeep(problem) {
  return problem instanceof Unreachable || (problem instanceof Refused && (problem.sent || problem.status === 429));
}

const watchers = [];

/** Call with true or false whenever it turns out whether the server can be reached. */
export function watchNetwork(watcher) {
  watchers.push(watcher);
}

function tell(reached) {
  for (const watcher of watchers) {
    watcher(reached);
  }
}

async function answered(path, options) {
  const cut = new AbortController();
  const timer = setTimeout(() => cut.abort(), PATIENCE);
  let status = 0;
  try {
    const response = await fetch(`/scan/api/${path}`, { ...options, signal: cut.signal, credentials: "same-origin" });
    status = response.status;
    return [response, await response.json()];
  } catch {
    if (status < 500 || status >= AWAY) {
      tell(false);
    }
    throw new Unreachable({ sent: true, status });
  } finally {
    clearTimeout(timer);
  }
}

async function call(path, options) {
  if (navigator.onLine === false) {
    tell(false);
    throw new Unreachable();
  }
  const [response, body] = await answered(path, options);
  // A server whose database is away is as good as none.
  if (response.status >= AWAY) {
    tell(false);
    throw new Unreachable({ sent: true, status: response.status });
  }
  tell(true);
  if (!response.ok) {
    throw new Refused(response.status, body.error ?? {}, response.headers.get("Retry-After"));
  }
  return body.data;
}

export function get(path) {
  return call(path, { headers: { Accept: "application/json" } });
}

export function post(path, body) {
  return call(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
  });
}
