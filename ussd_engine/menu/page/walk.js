"use strict";

// Where one stands in the menus, and where answers lead.

const data = JSON.parse(document.getElementById("data").textContent);
const state = {
  service: "",
  screen: "",
  page: 0,
  locale: "",
  form: "",
  answers: {},
  known: false, // whether the language was chosen, so that it is not asked again
  trail: [],
  facts: new Set(supposed()),
  story: null, // the transcript that is followed, and its step
};

const service = () => data.services[state.service];
const screen = (name = state.screen) => service().screens[name];
const locale = (there = service()) => (there.languages.includes(state.locale) ? state.locale : there.languages[0]);
const shown = (name = state.screen) => screen(name).shown[locale()];

// The page's own words stand here in English; `data.words` has them in other languages. They are said in the language of
// the screens, in which whoever reads those reads.

const spoken = () => (locale() in data.words ? locale() : "en");

function say(text, values = {}) {
  const words = (data.words[spoken()] || {})[text] || text;
  return words.replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));
}

const factWords = (name, value) => say(data.facts[name][value] || value, { value });
const answerOf = (key) => screen().answers.find((answer) => answer.key === key);
const waysOf = (answer) => answer.ways || [];

// Conditions. Everything can be done and is known, but nothing is wanted beyond the forms: until told otherwise.

function supposed() {
  return Object.entries(data.facts).flatMap(([name, values]) =>
    name === "core_wants" ? [] : Object.keys(values).map((value) => `${name} ${value}`),
  );
}

function passes(tests) {
  return (tests || []).every(([name, values, holds]) => {
    if (name in data.facts) return values.some((value) => state.facts.has(`${name} ${value}`)) === holds;
    if (!(name in state.answers)) return !holds;
    return state.answers[name] === "" || values.includes(state.answers[name]) === holds;
  });
}

function condition([name, values, holds]) {
  const fact = data.facts[name];
  const words = service().words[locale()][name] || {};
  const said = values.map((value) => (fact ? factWords(name, value) : words[value] ? `“${words[value]}”` : value));
  const all = said.join(` ${say("or")} `);
  const what = fact ? all : say("{name} is {values}", { name, values: all });
  return holds ? say("if {what}", { what }) : say("unless {what}", { what });
}

const conditions = (tests) => (tests || []).map(condition).join(` ${say("and")} `);

// Which of its ways an answer takes: the first whose conditions hold and whose question has no answer yet.

function usual(answer) {
  const before = state.answers;
  state.answers = { ...before, ...answer.saves };
  const ways = waysOf(answer).filter(
    (way) =>
      !way.instead && (!way.form || !state.form || way.form === state.form || !screen().forms.includes(way.form)),
  );
  const open = (way) =>
    way.verb !== "ask" || !(way.saves || []).length || way.saves.some((name) => !(name in state.answers));
  const found =
    ways.find((way) => passes(way.tests) && open(way)) ||
    ways.find((way) => passes(way.tests)) ||
    ways[0] ||
    waysOf(answer)[0];
  state.answers = before;
  return found;
}

// Moves. Each ends by drawing the page (`show`, in draw.js).

function stand(name, kept = {}) {
  Object.assign(state, { screen: name, page: 0 }, kept);
  show();
}

function remember() {
  const { service, screen, page, form, answers, known } = state;
  if (screen) state.trail.push({ service, screen, page, form, answers, known });
}

function take(answer, way = usual(answer)) {
  if (!way) return;
  remember();
  const answers = { ...state.answers, ...answer.saves };
  for (const name of way.clears || []) delete answers[name];
  for (const [name, value] of way.sets || []) {
    if (value === null) delete answers[name];
    else answers[name] = value;
  }
  state.answers = way.verb === "start" ? {} : answers;
  if (answer.saves && service().languages.includes(answer.saves.language)) state.locale = answer.saves.language;
  if (way.verb === "service") {
    enter(way.to);
    return;
  }
  if (state.screen === service().doors.first) state.known = true;
  const form = way.form && (way.verb === "ask" || !state.form) ? way.form : state.form;
  stand(way.to, { form: screen(way.to).forms.length ? form : "" });
}

function enter(name) {
  state.service = name;
  const { start, doors } = service();
  stand(doors.first && !state.known ? doors.first : start, { form: "", answers: {} });
}

function jump(name, where = state.service) {
  if (where !== state.service || name !== state.screen) remember();
  state.service = where;
  const forms = screen(name).forms;
  stand(name, { form: forms.includes(state.form) ? state.form : forms[0] || "" });
}

function undo() {
  const before = state.trail.pop();
  if (before) stand(before.screen, before);
}

function dialAgain() {
  Object.assign(state, { trail: [], known: false, answers: {}, form: "", story: null });
  enter(Object.values(data.codes)[0]);
}

function goBack() {
  const last = state.trail[state.trail.length - 1];
  if (last && last.service === state.service) undo();
  else take(answerOf("back") || answerOf("home"));
}

function turn(by) {
  state.page = Math.max(0, Math.min(shown().pages.length - 1, state.page + by));
  show();
}

function pressKey(key) {
  if (key === "more") turn(1);
  else if (key === "back") goBack();
  else take(answerOf(key));
}

// What is typed: a key, the number of a line or a row, else a text.

function reply(text) {
  const { keys } = service();
  const rows = shown().pages.flatMap((page) => page.rows);
  const numbered = rows.find(([row, key]) => key === "row" && row.startsWith(`${text}. `));
  if (text === keys.home && answerOf("home")) take(answerOf("home"));
  else if (text === keys.more && state.page < shown().pages.length - 1) turn(1);
  else if (text === keys.back && answerOf("back")) goBack();
  else if (numbered) take(answerOf("row"));
  else if (/^\d+$/.test(text) && answerOf(text)) take(answerOf(text));
  else if (text && answerOf("text")) take(answerOf("text"));
  else refuse(text ? "choice" : "empty");
}

function follow(index, at) {
  const step = data.traces[index].steps[at];
  state.story = [index, at];
  if (step.locale) state.locale = step.locale;
  if (step.screen) jump(...step.screen.split("/").reverse());
  else show();
  document.querySelector("#story pre")?.scrollIntoView({ block: "nearest" });
}

function begin() {
  const [where, name, code] = decodeURIComponent(location.hash.slice(1)).split("/");
  if (code) state.locale = code;
  if (data.services[where] && data.services[where].screens[name]) jump(name, where);
  else dialAgain();
}
