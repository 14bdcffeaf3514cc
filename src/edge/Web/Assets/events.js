// Server-sent events through fetch: EventSource cannot send a token in a header.
import { problemOf, sleep } from './api.js';
import { spread } from './retry.js';
import * as session from './session.js';

const silenceMaxMs = 45_000; // Three heartbeats.
const retryDefaultMs = 3_000;
const renewedMs = 100;
const retryMaxMs = 75_000; // Whoever waits asks less than twice a minute: once here, once for the numbers.

/** Cuts a stream of text into events, as the HTML standard says it. Comments keep the stream alive and are nothing else. */
export function parser(onEvent, onRetry) {
  let rest = '';
  let kind = '';
  let data = [];
  const line = (text) => {
    if (text === '') {
      if (data.length > 0) { onEvent(kind || 'message', data.join('\n')); }
      kind = '';
      data = [];
      return;
    }
    const colon = text.indexOf(':');
    if (colon === 0) { return; }
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') { kind = value; }
    if (field === 'data') { data.push(value); }
    if (field === 'retry' && /^\d+$/.test(value)) { onRetry(Number(value)); }
  };
  return (chunk) => {
    const lines = (rest + chunk).split(/\r\n|\n|\r/);
    rest = lines.pop();
    for (const text of lines) { line(text); }
  };
}

/**
 * Watches a campaign until `close()`. `on(kind, data)` is told each event, `onConnection(isOpen)` whether it hears anything. It comes back by itself, with the session's present token.
 */
export function watch(campaignId, on, onConnection) {
  const closing = new AbortController();
  run();
  return { close: () => closing.abort() };

  async function run() {
    let retry = retryDefaultMs;
    let failures = 0;
    while (!closing.signal.aborted) {
      let asked = null;
      const heard = () => { failures = 0; };
      try {
        asked = await listen((ms) => { retry = ms; }, heard);
      } catch {
        // Cut off, or the server is away: the reader is told, and it is tried again.
      }
      // A new token is used at once, but where that is refused as well the service is at fault, and a new one for each try would only add to it.
      const wait = asked === renewedMs && failures === 0 ? asked : Math.max(asked ?? 0, Math.min(retry * 2 ** failures, retryMaxMs));
      failures++;
      if (closing.signal.aborted) { return; }
      onConnection(false);
      try {
        await sleep(spread(wait), closing.signal);
      } catch {
        return;
      }
    }
  }

  // How long to wait at least, where the server says so.
  async function listen(onRetry, onHeard) {
    const token = await session.token();
    const cut = new AbortController();
    const signal = AbortSignal.any([closing.signal, cut.signal]);
    let watchdog = setTimeout(() => cut.abort(), silenceMaxMs);
    try {
      const headers = { Accept: 'text/event-stream' };
      if (token) { headers.Authorization = `Bearer ${token}`; }
      const response = await fetch(`/api/campaigns/${encodeURIComponent(campaignId)}/events`, { headers, cache: 'no-store', credentials: 'omit', signal });
      if (!response.ok) {
        const problem = await problemOf(response);
        if (problem.status === 401 && token) { await session.renew(); return renewedMs; }
        return problem.retryAfter === null ? null : problem.retryAfter * 1_000;
      }
      onConnection(true);
      const feed = parser((kind, data) => on(kind, JSON.parse(data)), onRetry);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) { return null; }
        onHeard();
        clearTimeout(watchdog);
        watchdog = setTimeout(() => cut.abort(), silenceMaxMs);
        feed(value);
      }
    } finally {
      clearTimeout(watchdog);
    }
  }
}
