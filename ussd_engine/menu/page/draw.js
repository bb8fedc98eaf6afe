// What is drawn of the place where one stands. Texts of the menus are only ever put in as texts.

const $ = (id) => document.getElementById(id);
const place = (name, where = state.service) => `#${where}/${name}/${locale()}`;
const firstWords = (name, there = service()) => there.screens[name].shown[locale(there)].pages[0].rows[0]?.[0] || "";

const takes = new Map();
data.traces.forEach((trace, index) =>
  trace.steps.forEach((step, at) => {
    for (const what of step.taken || []) takes.set(what, [...(takes.get(what) || []), [index, at]]);
  }),
);

function make(tag, properties, ...children) {
  const { dataset, current, pressed, ...rest } = properties || {};
  const made = Object.assign(document.createElement(tag), rest);
  Object.assign(made.dataset, dataset);
  if (current !== undefined) made.setAttribute("aria-current", String(current));
  if (pressed !== undefined) made.setAttribute("aria-pressed", String(pressed));
  made.append(...children.filter((child) => child));
  return made;
}

const heading = (text) => make("h3", { textContent: text });
const soft = (text) => make("span", { className: "soft", textContent: text });
const list = (items) => make("ul", { className: "plain" }, ...items.map((item) => make("li", {}, item)));
const fill = (id, ...children) => $(id).replaceChildren(...children.filter((child) => child));

function show() {
  drawHead();
  drawPhone();
  drawSupposed();
  drawAbout();
  drawTree();
  $("about").scrollTop = 0;
  const tree = $("overview");
  if (tree.scrollHeight > tree.clientHeight)
    tree.querySelector('[aria-current="true"]')?.scrollIntoView({ block: "nearest" });
  if (location.hash !== place(state.screen)) history.replaceState(null, "", place(state.screen));
}

function drawHead() {
  document.documentElement.lang = spoken();
  for (const one of document.querySelectorAll("[data-say]")) one.textContent = say(one.dataset.say);
  for (const one of document.querySelectorAll("[data-label]")) one.setAttribute("aria-label", say(one.dataset.label));
  for (const one of document.querySelectorAll("[data-hint]")) one.placeholder = say(one.dataset.hint);
  const services = Object.entries(data.services).map(([name, there]) =>
    make("button", {
      textContent: there.pilot ? say("{name} (pilot)", { name }) : name,
      pressed: name === state.service,
      onclick: () => jump(there.start, name),
    }),
  );
  const languages = service().languages.map((code) => {
    const textContent = new Intl.DisplayNames([code, "en"], { type: "language" }).of(code);
    const onclick = () => {
      state.locale = code;
      show();
    };
    return make("button", { textContent, lang: code, pressed: code === locale(), onclick });
  });
  fill("services", ...services);
  fill("languages", ...languages);
  $("title").textContent = document.title = say("Menus behind {codes}", { codes: Object.keys(data.codes).join(", ") });
}

// The phone

function drawPhone() {
  const { pages } = shown();
  const number = Math.min(state.page, pages.length - 1);
  const { rows, units, encoding, culprit } = pages[number];
  const ends = screen().kind === "end";
  fill("screen", ...rows.map(drawRow), ends && make("p", { className: "ended", textContent: say("The dialog is over.") }));
  $("screen").lang = locale();
  $("reply").hidden = ends;
  $("typed").value = $("told").textContent = "";
  const room = data.room[encoding];
  const because = culprit && say("because of “{sign}”", { sign: culprit });
  const why = because ? ` (${because})` : "";
  const turned = say("page {number}", { number: `${number + 1}/${pages.length}` });
  $("size").className = units > room ? "over" : "";
  $("size").textContent =
    `${units}/${room} ${encoding}${why} · ${turned} · ${locale()} · ${state.screen}`;
  $("undo").disabled = !state.trail.length;
}

function drawRow([text, key]) {
  const answer = answerOf(key);
  if (!answer && key !== "more" && key !== "back") return make("p", { textContent: text });
  const tests = (answer && answer.tests) || [];
  const className = tests.length ? (passes(tests) ? "maybe" : "maybe off") : "";
  const onclick = () => pressKey(key);
  return make("button", {
    type: "button",
    textContent: text,
    title: conditions(tests),
    className,
    dataset: { key },
    onclick,
  });
}

function refuse(name) {
  $("typed").value = "";
  const above = shown().above.find((line) => line[0] === name);
  $("told").textContent = above
    ? say("The same screen again, below: {line}", { line: above[1] })
    : say("Nothing can be answered here.");
}

// The facts on which something of this screen depends, to be supposed or not.

function drawSupposed() {
  const answers = screen().answers;
  const tests = answers.flatMap((answer) => [
    ...(answer.tests || []),
    ...waysOf(answer).flatMap((way) => way.tests || []),
  ]);
  const facts = tests
    .filter(([name]) => name in data.facts)
    .flatMap(([name, values]) => values.map((value) => `${name} ${value}`));
  const boxes = [...new Set(facts)].sort().map((fact) => {
    const at = fact.lastIndexOf(" ");
    const [name, value] = [fact.slice(0, at), fact.slice(at + 1)];
    const onchange = () => {
      if (!state.facts.delete(fact)) state.facts.add(fact);
      show();
    };
    const box = make("input", { type: "checkbox", checked: state.facts.has(fact), onchange, dataset: { fact } });
    return make("label", {}, box, make("span", { textContent: factWords(name, value) }));
  });
  fill("supposed", ...(boxes.length ? [heading(say("Suppose that")), ...boxes] : []));
}

// Beside it: where its lines lead, what leads here, what takes it.

const SPECIAL = {
  text: () => say("a text that is typed"),
  row: () => say("a row of the list"),
  full: () => say("a text that fills the phone’s screen"),
  none: () => say("nothing is found, or no answer comes in time"),
  back: () => say("back"),
  home: () => say("home"),
  wrong: () => say("{count} wrong choices in a row", { count: service().tries }),
  else: () => say("otherwise"),
};

function drawAbout() {
  const { kind, place, forms, answers } = screen();
  const asked = forms.length && say("asked in {forms}", { forms: forms.join(", ") });
  const pilot = service().pilot && say("pilot: listed phones alone");
  const room = { longest: shown().longest, room: data.room["GSM-7"] };
  const size = say("at most {longest} of {room} with the longest values", room);
  $("name").textContent = state.screen;
  $("place").textContent = [pilot, kind, place, asked, size].filter(Boolean).join(" · ");
  drawStory();
  const leads = answers.length ? answers.map(drawAnswer) : [soft(say("Nowhere: the dialog is over."))];
  fill("leads", heading(say("Where it leads")), ...leads);
  drawFrom();
  const above = shown().above.map(([name, text]) => make("span", {}, `${text} `, soft(name)));
  fill("above", ...(above.length ? [heading(say("Lines that may stand above it")), list(above)] : []));
  drawTakes();
}

function nameOf({ key, label }) {
  if (key in SPECIAL)
    return `${SPECIAL[key]()}${service().keys[key] ? ` (${service().keys[key]})` : ""}`;
  const row = shown()
    .pages.flatMap((page) => page.rows)
    .find((row) => row[1] === key);
  return row ? row[0] : `${key}. ${label}`;
}

function drawAnswer(answer) {
  const what =
    answer.key === "row"
      ? `row ${state.service}/${state.screen}`
      : `line ${state.service}/${state.screen} ${answer.key}`;
  const counted = data.traces.length && (answer.key === "row" || !(answer.key in SPECIAL));
  const when = conditions(answer.tests);
  return make(
    "div",
    {
      className: ["text", "row"].includes(answer.key) || !(answer.key in SPECIAL) ? "lead" : "lead key",
      dataset: { key: answer.key },
    },
    counted && make("span", { className: "count", textContent: counting(what) }),
    make("span", { className: "what", textContent: nameOf(answer) }),
    when && soft(` ${when}`),
    ...drawWays(answer),
  );
}

function counting(what) {
  const count = new Set((takes.get(what) || []).map(([trace]) => trace)).size;
  if (count < 2) return count ? say("1 transcript") : say("no transcripts");
  return say("{count} transcripts", { count });
}

// The ways of an answer, alike ones as one: those in the ordinary course of things, then, folded, the others.

function drawWays(answer) {
  const first = usual(answer),
    groups = new Map();
  for (const way of waysOf(answer)) {
    const about = [
      conditions(way.tests),
      way.action && `${way.action}: ${outcomeOf(way)}`,
      way.instead && say("in place of {screen}", { screen: way.instead }),
    ];
    const key = [way.verb, way.to, ...about].join("\n");
    const group = groups.get(key) || { way, about, forms: [], later: true };
    if (way === first) Object.assign(group, { way, first: true });
    group.later = group.later && Boolean(way.later) && way !== first;
    if (way.form) group.forms.push(way.form);
    groups.set(key, group);
  }
  const all = [...groups.values()],
    long = all.length > 30;
  const later = all.filter((group) => group.later || (long && !group.first));
  const listed = (some) => make("ul", { className: "ways" }, ...some.map((group) => drawWay(answer, group)));
  const count = later.length;
  const words = long
    ? say("{count} more, wherever she was", { count })
    : say("{count} more, where what lies between is answered already", { count });
  return [
    listed(all.filter((group) => !later.includes(group))),
    later.length && make("details", {}, make("summary", { textContent: words }), listed(later)),
  ];
}

const outcomeOf = ({ outcome, first }) => (first ? say("{action} came first", { action: first }) : outcome);

function drawWay(answer, { way, about, forms, first }) {
  const where = way.verb === "service" ? way.to : state.service;
  const name = way.verb === "service" ? data.services[way.to].start : way.to;
  const all = screen().forms.every((form) => forms.includes(form)) && screen().forms.length;
  const told = [...about, forms.length && !all && say("in {forms}", { forms: [...new Set(forms)].join(", ") })].filter(Boolean).join(", ");
  const go = answer.key === "back" ? undefined : () => take(answer, way);
  return make(
    "li",
    { className: first ? "usual" : "", title: way.action ? say(service().actions[way.action]) : "" },
    link(name, where, go),
    told && soft(` ${told}`),
  );
}

function link(name, where = state.service, go = () => jump(name, where)) {
  const onclick = (event) => {
    event.preventDefault();
    go();
  };
  const words = ` ${firstWords(name, data.services[where])}`;
  return make(
    "a",
    { href: place(name, where), onclick, dataset: { to: `${where}/${name}` } },
    make("code", { textContent: name }),
    words,
  );
}

function drawFrom() {
  const passing = ["back", "home", "too_many"];
  const edges = service().edges.filter(([, verb, dest]) => dest === state.screen && !passing.includes(verb));
  const sources = [...new Set(edges.map(([source]) => source))];
  const doors = Object.entries(service().doors)
    .filter(([, name]) => name === state.screen)
    .map(([door]) => door.replaceAll("_", " "));
  const itself = doors.length && soft(say("the engine itself ({doors})", { doors: doors.join(", ") }));
  const links = sources.map((name) => link(name));
  const all = itself ? [itself, ...links] : links;
  fill(
    "from",
    heading(say("What leads here")),
    all.length > 12
      ? make("details", {}, make("summary", { textContent: say("{count} screens", { count: all.length }) }), list(all))
      : list(all),
  );
}

function drawTakes() {
  if (!data.traces.length) return;
  const found = new Map();
  for (const [trace, at] of takes.get(`screen ${state.service}/${state.screen}`) || [])
    if (data.traces[trace].steps[at].locale === locale()) found.set(trace, [...(found.get(trace) || []), at]);
  const entries = [...found].map(([index, steps]) =>
    make(
      "p",
      { className: "trace", title: data.traces[index].file, dataset: { trace: index } },
      `${data.traces[index].title} `,
      ...steps.map((at) => stepButton(index, at)),
    ),
  );
  fill("takes", heading(say("Transcripts that take this screen")), ...(entries.length ? entries : [soft(say("none"))]));
}

function stepButton(index, at) {
  const current = Boolean(state.story) && state.story[0] === index && state.story[1] === at;
  return make("button", {
    type: "button",
    className: "step",
    textContent: at + 1,
    current,
    onclick: () => follow(index, at),
  });
}

// A transcript that is followed: its steps, with what the phone showed at the one that was chosen.

function drawStory() {
  if (!state.story) {
    fill("story");
    return;
  }
  const [index, chosen] = state.story,
    trace = data.traces[index];
  const close = () => {
    state.story = null;
    show();
  };
  const steps = trace.steps.map((step, at) => {
    const texts =
      at === chosen
        ? [step.text + (step.ends ? `\n${say("(END)")}` : ""), ...(step.gets || []).map((text) => `SMS: ${text}`)]
        : [];
    return make(
      "li",
      {},
      stepButton(index, at),
      ` ${say(step.does)} `,
      step.note && soft(step.note),
      ...texts.filter(Boolean).map((text) => make("pre", { textContent: text })),
    );
  });
  fill(
    "story",
    heading(trace.title),
    make("ol", {}, ...steps),
    make("button", { type: "button", className: "close", textContent: say("Close the transcript"), onclick: close }),
  );
}

// The overview: from the start, each screen below the one from which it is reached soonest.

const trees = {};

function treeOf(name) {
  if (!trees[name]) trees[name] = plant(data.services[name]);
  return trees[name];
}

function plant({ screens, start, doors }) {
  const seen = new Set(),
    nodes = [];
  const add = (name, among) => {
    if (!name || seen.has(name)) return;
    seen.add(name);
    nodes.push({ name, below: [] });
    among.push(nodes[nodes.length - 1]);
  };
  const grow = (from, wanted) => {
    for (let at = from; at < nodes.length; at += 1) {
      for (const answer of screens[nodes[at].name].answers) {
        for (const way of ["back", "home", "wrong"].includes(answer.key) ? [] : waysOf(answer)) {
          if (!["service", "home", "start", "continue"].includes(way.verb) && wanted(way)) add(way.to, nodes[at].below);
        }
      }
    }
  };
  const roots = [];
  for (const root of [start, ...Object.values(doors)]) {
    const from = nodes.length;
    add(root, roots);
    grow(from, (way) => !way.later && !way.instead);
  }
  grow(0, () => true);
  return roots;
}

function drawTree() {
  const wanted = $("find").value.trim().toLowerCase();
  const matches = (name) =>
    name.includes(wanted) ||
    shown(name).pages.some((page) => page.rows.some(([text]) => text.toLowerCase().includes(wanted)));
  const branch = (nodes) => {
    const kept = nodes.map((node) => [node.name, branch(node.below)]).filter(([name, below]) => below || matches(name));
    return kept.length ? make("ul", {}, ...kept.map(([name, below]) => make("li", {}, treeButton(name), below))) : null;
  };
  fill("tree", branch(treeOf(state.service)) || soft(say("No screen has these words.")));
}

function treeButton(name) {
  const over = shown(name).pages.some((page) => page.units > data.room[page.encoding]);
  const untaken = data.traces.length && !takes.has(`screen ${state.service}/${name}`);
  const className = [over && "over", untaken && "untaken"].filter(Boolean).join(" ");
  const title = untaken ? say("no transcript takes it") : firstWords(name);
  const about = {
    type: "button",
    className,
    title,
    dataset: { screen: name },
    current: name === state.screen,
    onclick: () => jump(name),
  };
  return make("button", about, name, make("small", { textContent: ` ${firstWords(name)}` }));
}

$("find").oninput = drawTree;
$("undo").onclick = undo;
$("again").onclick = dialAgain;
$("reply").onsubmit = (event) => {
  event.preventDefault();
  reply($("typed").value.trim());
};
window.onhashchange = () => {
  if (decodeURIComponent(location.hash) !== place(state.screen)) begin();
};
begin();
