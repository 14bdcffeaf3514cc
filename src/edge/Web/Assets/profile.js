// What a member may change of the own account: name, language, month of birth (once), password; and the ways out of it.
import { wrongFields } from './account.js';
import { patiently } from './api.js';
import { byId, el, notify, show, trouble } from './dom.js';
import { language, text } from './language.js';
import * as session from './session.js';

/** `onChange(method, path, json, after)` sends a change and answers the problem with it, or null. */
export function profile(user, { onChange }) {
  const name = el('input', { id: 'profile-name', maxlength: '50', autocomplete: 'nickname', value: user.displayName, required: true, 'aria-describedby': 'profile-name-problem' });
  const nameProblem = problemAt('profile-name');
  const locale = el('select', { id: 'profile-locale' }, [['ko', '한국어'], ['en', 'English']].map(([value, label]) => el('option', { value, lang: value, selected: user.locale === value }, label)));
  const isTold = user.birthMonth != null;
  const month = el('select', { id: 'profile-month', disabled: isTold, 'aria-describedby': 'month-hint' }, el('option', { value: '' }, text('profile.monthUntold')),
    Array.from({ length: 12 }, (_, i) => el('option', { value: i + 1, selected: user.birthMonth === i + 1 }, monthName(i))));
  const refuse = (reason) => {
    show(nameProblem, reason);
    name.setAttribute('aria-invalid', String(Boolean(reason)));
    if (reason) { name.focus(); }
  };
  const save = async () => {
    name.value = name.value.trim();
    refuse(name.value ? '' : text('account.fieldMissing'));
    if (!name.value) { return; }
    const json = { displayName: name.value, locale: locale.value };
    if (!isTold && month.value) { json.birthMonth = Number(month.value); }
    const problem = await onChange('PATCH', '/api/users/me', json);
    const wrong = problem ? wrongFields(problem, { name: 'displayName' }) : {};
    if (wrong.name) { trouble(); refuse(wrong.name); }
  };
  return el('section', { class: 'profile' },
    form(save, el('h2', {}, text('profile.heading')), el('p', { class: 'soft' }, user.email),
      field('profile-name', text('account.displayName'), name, nameProblem),
      field('profile-locale', text('page.language'), locale),
      field('profile-month', text('profile.month'), month, el('p', { id: 'month-hint', class: 'soft' }, text(isTold ? 'profile.monthTold' : 'profile.monthOnce'))),
      el('button', { type: 'submit', class: 'quiet', id: 'profile-save' }, text('profile.save'))),
    password(user, onChange),
    leaving('profile.everywhere', 'profile.everywhereMeaning', 'everywhere', () => onChange('POST', '/api/auth/sign-out-everywhere', undefined, leave('profile.everywhereDone'))),
    leaving('profile.erase', 'profile.eraseMeaning', 'erase', () => onChange('DELETE', '/api/users/me', undefined, leave('profile.erased'))));
}

const monthName = (index) => new Intl.DateTimeFormat(language(), { month: 'long', timeZone: 'UTC' }).format(Date.UTC(2000, index));

// A field is told what is wrong with it where it stands.
const problemAt = (id) => el('p', { id: `${id}-problem`, class: 'problem', role: 'alert' });

const isTouched = (field) => (field.selectedOptions ? !field.selectedOptions[0]?.defaultSelected : field.value !== field.defaultValue);

/** Notes what somebody has opened and written, to be put back when it was drawn anew. What cannot be written any more is as it was drawn. */
export function written(container) {
  const fields = [...container.querySelectorAll('input, select')].filter(isTouched).map(({ id, value }) => [id, value]);
  const opened = [...container.querySelectorAll('details')].map((each) => each.open);
  const focused = container.contains(document.activeElement) ? document.activeElement.id : '';
  return () => {
    container.querySelectorAll('details').forEach((each, index) => { each.open = opened[index] ?? false; });
    for (const [id, value] of fields) {
      const field = byId(id);
      if (field && !field.disabled) { field.value = value; }
    }
    if (focused) { byId(focused)?.focus(); }
  };
}

// `novalidate`: the page says it in the reader's language, the browser in its own.
const form = (submit, ...parts) => el('form', { novalidate: true, submit: (event) => { event.preventDefault(); submit(); } }, ...parts);

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
  const problems = { current: problemAt('password-current'), next: problemAt('password-next') };
  const change = async () => {
    const empty = { current: !current.value, next: !next.value };
    for (const key of Object.keys(problems)) { show(problems[key], empty[key] ? text('account.fieldMissing') : ''); }
    if (empty.current || empty.next) { return; }
    const problem = await onChange('PUT', '/api/users/me/password', { current: current.value, new: next.value }, async () => {
      // Every session has ended with the old password; this one goes on with the new one.
      await patiently(() => session.signIn(user.email, next.value));
      notify(text('profile.passwordDone'));
    });
    const wrong = problem ? wrongFields(problem, { current: 'current', next: 'new' }) : {};
    for (const key of Object.keys(problems)) { show(problems[key], wrong[key]); }
    if (Object.keys(wrong).length > 0) { trouble(); }
  };
  return el('details', {}, el('summary', {}, text('profile.password')), form(change,
    field('password-current', text('profile.passwordCurrent'), current, problems.current),
    field('password-next', text('account.newPassword'), next, el('p', { class: 'soft' }, text('account.passwordHint')), problems.next),
    el('button', { type: 'submit', class: 'quiet', id: 'password-change' }, text('profile.password'))));
}
