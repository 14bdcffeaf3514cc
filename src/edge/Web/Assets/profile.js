// What a member may change of the own account: name, language, month of birth (once), password; and the ways out of it.
import { wrongFields } from './account.js';
import { patiently } from './api.js';
import { byId, el, notify, show } from './dom.js';
import { language, text } from './language.js';
import * as session from './session.js';

/** `onChange(method, path, json, after)` sends a change and answers the problem with it, or null. */
export function profile(user, { onChange }) {
  const name = el('input', { id: 'profile-name', maxlength: '50', autocomplete: 'nickname', value: user.displayName, required: true });
  const locale = el('select', { id: 'profile-locale' }, [['ko', '한국어'], ['en', 'English']].map(([value, label]) => el('option', { value, lang: value, selected: user.locale === value }, label)));
  const isTold = user.birthMonth != null;
  const month = el('select', { id: 'profile-month', disabled: isTold, 'aria-describedby': 'month-hint' }, el('option', { value: '' }, text('profile.monthUntold')),
    Array.from({ length: 12 }, (_, i) => el('option', { value: i + 1, selected: user.birthMonth === i + 1 }, monthName(i))));
  const save = () => {
    const json = { displayName: name.value.trim(), locale: locale.value };
    if (!json.displayName) { return; }
    if (!isTold && month.value) { json.birthMonth = Number(month.value); }
    onChange('PATCH', '/api/users/me', json);
  };
  return el('section', { class: 'profile' },
    form(save, el('h2', {}, text('profile.heading')), el('p', { class: 'soft' }, user.email),
      field('profile-name', text('account.displayName'), name),
      field('profile-locale', text('page.language'), locale),
      field('profile-month', text('profile.month'), month, el('p', { id: 'month-hint', class: 'soft' }, text(isTold ? 'profile.monthTold' : 'profile.monthOnce'))),
      el('button', { type: 'submit', class: 'quiet', id: 'profile-save' }, text('profile.save'))),
    password(user, onChange),
    leaving('profile.everywhere', 'profile.everywhereMeaning', 'everywhere', () => onChange('POST', '/api/auth/sign-out-everywhere', undefined, leave('profile.everywhereDone'))),
    leaving('profile.erase', 'profile.eraseMeaning', 'erase', () => onChange('DELETE', '/api/users/me', undefined, leave('profile.erased'))));
}

const monthName = (index) => new Intl.DateTimeFormat(language(), { month: 'long', timeZone: 'UTC' }).format(Date.UTC(2000, index));

const form = (submit, ...parts) => el('form', { submit: (event) => { event.preventDefault(); submit(); } }, ...parts);

const field = (id, label, input, ...more) => el('div', { class: 'field' }, el('label', { for: id }, label), input, ...more);

// Here the session ends too.
const leave = (said) => async () => {
  await session.signOut();
  notify(text(said));
};

// Opened first and pressed then: nobody does it by the way.
const leaving = (heading, meaning, id, act) => el('details', {}, el('summary', {}, text(heading)), el('p', { class: 'soft' }, text(meaning)),
  el('button', { type: 'button', class: 'quiet', id, click: act }, text(heading)));

function password(user, onChange) {
  const make = (id, complete) => el('input', { id, type: 'password', maxlength: '128', autocomplete: complete, required: true, 'aria-describedby': `${id}-problem` });
  const [current, next] = [make('password-current', 'current-password'), make('password-next', 'new-password')];
  const problems = { current: el('p', { id: 'password-current-problem', class: 'problem', role: 'alert' }), next: el('p', { id: 'password-next-problem', class: 'problem', role: 'alert' }) };
  const change = async () => {
    const problem = await onChange('PUT', '/api/users/me/password', { current: current.value, new: next.value }, async () => {
      // Every session has ended with the old password; this one goes on with the new one.
      await patiently(() => session.signIn(user.email, next.value));
      notify(text('profile.passwordDone'));
    });
    const wrong = problem ? wrongFields(problem, { current: 'current', next: 'new' }) : {};
    for (const key of Object.keys(problems)) { show(problems[key], wrong[key]); }
    if (Object.keys(wrong).length > 0) { show(byId('trouble'), ''); }
  };
  return el('details', {}, el('summary', {}, text('profile.password')), form(change,
    field('password-current', text('profile.passwordCurrent'), current, problems.current),
    field('password-next', text('account.newPassword'), next, el('p', { class: 'soft' }, text('account.passwordHint')), problems.next),
    el('button', { type: 'submit', class: 'quiet', id: 'password-change' }, text('profile.password'))));
}
