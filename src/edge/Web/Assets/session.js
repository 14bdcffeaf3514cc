// Who is signed in. The access token stands in memory only; the refresh token in a cookie that no script can read and that Web keeps.
import { Problem, call } from './api.js';
import { now } from './clock.js';

const stored = 'firstcome.member'; // The address alone, so that a visitor without a session asks for nothing and the page can say who it is.
const refreshing = 'firstcome.refresh'; // The key of a refresh whose answer is not there yet: a page that was loaded again meanwhile, or another tab, repeats it and gets the same.
const keyBytes = 16;
const earlyMs = 30_000;
const listeners = new Set();
const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(stored);
let access = null; // { token, expiresAt (ms) }
let who = read();
let renewal = null;

function read() {
  try {
    return localStorage.getItem(stored);
  } catch {
    return null; // Storage may be forbidden; the session then ends with the page.
  }
}

// `isTold`: another tab has said so. `isEnded`: nobody here has wished it.
function keep(email, { isTold = false, isEnded = false } = {}) {
  const changed = who !== email;
  who = email;
  if (!email || changed) { access = email && !isTold ? access : null; }
  if (!isTold) {
    try {
      if (email) { localStorage.setItem(stored, email); } else { localStorage.removeItem(stored); }
    } catch {
      // As above.
    }
    if (changed) { channel?.postMessage(email); }
  }
  if (changed) { for (const listener of listeners) { listener({ isEnded }); } }
}
channel?.addEventListener('message', ({ data }) => keep(data, { isTold: true }));

const post = (path, json = {}, idempotencyKey = null) => call('POST', `/session/${path}`, { body: { json, idempotencyKey }, keepalive: true });

function refreshKey() {
  try {
    const known = localStorage.getItem(refreshing);
    if (known) { return known; }
    const key = Array.from(crypto.getRandomValues(new Uint8Array(keyBytes)), (byte) => byte.toString(16).padStart(2, '0')).join('');
    localStorage.setItem(refreshing, key);
    return key;
  } catch {
    return null; // Without storage nobody could repeat it.
  }
}

function forgetRefreshKey(key) {
  try {
    if (localStorage.getItem(refreshing) === key) { localStorage.removeItem(refreshing); }
  } catch {
    // As above.
  }
}

// A refresh token is good once, and the cookie is one for all tabs: they take turns.
const inTurn = (work) => (navigator.locks ? navigator.locks.request(stored, work) : work());

export const isSignedIn = () => who !== null;
export const email = () => who;
/** `listener({ isEnded })` is told when somebody else, or nobody, is signed in; `isEnded` where the session was refused, so that the member has to be told. */
export const onChange = (listener) => listeners.add(listener);

/** The access token, renewed when it is about to end; null when nobody is signed in. */
export async function token() {
  if (!who) { return null; }
  if (!access || access.expiresAt - now() < earlyMs) { await renew(); }
  return access?.token ?? null;
}

/** Renews the access token where it would end before an instant. Whether it did. */
export async function outlast(instant) {
  return Boolean(who && access && access.expiresAt < instant && await renew());
}

/** Gets a new access token; once, however many ask. False where the session has ended. */
export function renew() {
  renewal ??= inTurn(renewNow).finally(() => { renewal = null; });
  return renewal;
}

async function renewNow() {
  const before = who;
  if (!before) { return false; }
  const key = refreshKey();
  try {
    const given = await post('refresh', {}, key);
    forgetRefreshKey(key);
    if (who !== before) { return who !== null; }
    if (!given) { keep(null, { isEnded: true }); return false; }
    access = { token: given.token, expiresAt: Date.parse(given.expiresAt) };
    return true;
  } catch (problem) {
    if (!(problem instanceof Problem)) { throw problem; }
    // Only a refusal ends the session; a server that is away does not.
    if (!problem.isPassing) { forgetRefreshKey(key); }
    if ((problem.status === 401 || problem.status === 403) && who === before) { keep(null, { isEnded: true }); }
    if (problem.isPassing) { throw problem; }
    return false;
  }
}

export async function signIn(address, password) {
  const given = await inTurn(() => post('sign-in', { email: address, password }));
  const next = { token: given.token, expiresAt: Date.parse(given.expiresAt) };
  access = next;
  who = null;
  keep(address);
  access = next;
}

/** Makes an account; signing in to it comes after. */
export const signUp = (address, password, displayName, locale) => call('POST', '/api/users', { body: { json: { email: address, password, displayName, locale } } });

/** Sets a new password by the code that an admin has told; every session ends. */
export const resetPassword = (address, code, newPassword) => call('POST', '/api/auth/password-reset', { body: { json: { email: address, code, newPassword } } });

export async function signOut() {
  if (!who) { return; }
  keep(null);
  try {
    await inTurn(() => post('sign-out'));
  } catch (problem) {
    // The cookie is gone or runs out, and the access token is gone from here either way.
    if (!(problem instanceof Problem)) { throw problem; }
  }
}
