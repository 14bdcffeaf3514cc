// The server's clock, as far as this browser can know it. It is counted on a clock that nobody sets, and asked for again when the page comes back to the front.
import { answerMaxMs } from './retry.js';

const tries = 3;
let offset = Date.now() - performance.now();
let uncertainty = Infinity;

export const now = () => performance.now() + offset;

/** Asks for the time a few times; the quickest answer is the surest. */
export async function synchronise() {
  uncertainty = Infinity;
  for (let i = 0; i < tries; i++) {
    const before = performance.now();
    try {
      const response = await fetch('/api/time', { cache: 'no-store', signal: AbortSignal.timeout(answerMaxMs) });
      if (!response.ok) { continue; }
      const server = Date.parse((await response.json()).now);
      const after = performance.now();
      if (after - before < uncertainty && Number.isFinite(server)) {
        uncertainty = after - before;
        // As if the answer had taken no time: at most so much late, and never early. A press before the opening is refused, and costs its member more than the answer's way.
        offset = server - after;
      }
    } catch {
      return; // Offline, or too late to be worth anything: the device's own clock has to do until the next time.
    }
  }
}

export function keepSynchronised() {
  setInterval(synchronise, 10 * 60_000);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) { synchronise(); } });
  return synchronise();
}
