// Who is signed in. The access token stands in memory only; the refresh token in this tab's storage, so that a reload keeps the session and closing the tab ends it.
import { Problem, call } from './api.js';

const stored = 'firstcome.session';
const earlyMs = 30_000;
const listeners = new Set();
let access = null; // { token, expiresAt (ms) }
let kept = read(); // { refreshToken, email, id }
let renewal = null;
let channel = null;

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(stored));
  } catch {
    return null; // Forbidden or damaged: as if nobody were signed in.
  }
}

function keep(session) {
  const changed = kept?.id !== session?.id;
  kept = session;
  try {
    if (session) { sessionStorage.setItem(stored, JSON.stringify(session)); } else { sessionStorage.removeItem(stored); }
  } catch {
    // Storage may be forbidden; the session then ends with the page.
  }
  if (!session) { access = null; }
  if (changed) { for (const listener of listeners) { listener(); } }
}

function take(tokens, email, id) {
  access = { token: tokens.accessToken, expiresAt: Date.parse(tokens.expiresAt) };
  keep({ refreshToken: tokens.refreshToken, email, id });
}

export const isSignedIn = () => kept !== null;
export const email = () => kept?.email ?? null;
export const onChange = (listener) => listeners.add(listener);

/** The access token, renewed when it is about to end; null when nobody is signed in. */
export async function token() {
  if (!kept) { return null; }
  if (!access || access.expiresAt - Date.now() < earlyMs) { await renew(); }
  return access?.token ?? null;
}

/** Gets a new access token; once, however many ask. False where the session has ended. */
export function renew() {
  renewal ??= renewNow().finally(() => { renewal = null; });
  return renewal;
}

async function renewNow() {
  const before = kept;
  if (!before) { return false; }
  try {
    const tokens = await call('POST', '/api/auth/refresh', { body: { json: { refreshToken: before.refreshToken } } });
    if (kept !== before) { return kept !== null; }
    take(tokens, before.email, before.id);
    return true;
  } catch (problem) {
    if (!(problem instanceof Problem)) { throw problem; }
    // Only a refusal ends the session; a server that is away does not.
    if ((problem.status === 401 || problem.status === 403 || problem.status === 400) && kept === before) { keep(null); }
    if (problem.isPassing) { throw problem; }
    return false;
  }
}

export async function signIn(address, password) {
  const tokens = await call('POST', '/api/auth/sign-in', { body: { json: { email: address, password } } });
  take(tokens, address, crypto.randomUUID());
  answerDuplicates();
}

export async function signUp(address, password, displayName, locale) {
  await call('POST', '/api/users', { body: { json: { email: address, password, displayName, locale } } });
  await signIn(address, password);
}

export async function signOut() {
  const ended = kept;
  keep(null);
  if (!ended) { return; }
  try {
    await call('POST', '/api/auth/sign-out', { body: { json: { refreshToken: ended.refreshToken } } });
  } catch (problem) {
    // The tokens are gone from here either way, and the server lets them run out.
    if (!(problem instanceof Problem)) { throw problem; }
  }
}

/**
 * A duplicated tab has a copy of the refresh token. Used twice, it would end the session in both; so a tab asks whether another one has it, and leaves it to that one.
 */
export async function resume() {
  if (!kept) { return; }
  answerDuplicates();
  if (!channel) { return; }
  const mine = kept.id;
  const taken = await new Promise((resolve) => {
    const listen = ({ data }) => { if (data?.taken === mine) { resolve(true); } };
    channel.addEventListener('message', listen);
    channel.postMessage({ asked: mine });
    setTimeout(() => { channel.removeEventListener('message', listen); resolve(false); }, 150);
  });
  if (taken && kept?.id === mine) { keep(null); } else { settled = true; }
}

let settled = false;

function answerDuplicates() {
  if (channel || typeof BroadcastChannel === 'undefined') { return; }
  channel = new BroadcastChannel(stored);
  channel.addEventListener('message', ({ data }) => {
    if (data?.asked && data.asked === kept?.id && (settled || access)) { channel.postMessage({ taken: data.asked }); }
  });
}
