// Runs in the page. Everything that it shows comes from the JSON beside it; it fetches nothing.
const data = JSON.parse(document.getElementById("proof-data").textContent);
const buttons = [...document.querySelectorAll(".failures button")];
const parts = [...document.querySelectorAll(".picture .part")];
const panel = document.getElementById("left");
const signs = { proven: "✔", refuted: "✘", unknown: "?" };

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function explain(outcome) {
  if (outcome.verdict === "refuted") {
    const takes = outcome.takes.length > 0 ? `${outcome.takes.join(", ")} lost, ` : "";
    return `${takes}${outcome.left}`;
  }
  if (outcome.verdict === "unknown") return outcome.why;
  return outcome.note ?? "holds";
}

function claimLine(claim, outcome) {
  const line = element("li", outcome.verdict, `${signs[outcome.verdict]} ${data.titles[claim]}: `);
  line.append(element("span", "", explain(outcome)));
  if (outcome.remedy) line.append(element("div", "fix", `${data.remedyTitle}: ${outcome.remedy}`));
  if (outcome.fix) line.append(element("div", "fix", `Fix: ${outcome.fix}`));
  return line;
}

/** Strikes out what stands in a lost domain, and says how much is left. */
function draw(lost) {
  for (const part of parts) {
    const standsIn = part.dataset.in.split(" ").filter(Boolean).map(Number);
    part.classList.toggle(
      "lost",
      standsIn.some((id) => lost.has(id)),
    );
  }
  const drawn = parts.filter((part) => part.dataset.domain !== "-1");
  const gone = drawn.filter((part) => part.classList.contains("lost")).length;
  return element(
    "p",
    "",
    `Parts of the picture that are left: ${drawn.length - gone} of ${drawn.length}.`,
  );
}

function press(index) {
  buttons.forEach((button, position) => {
    button.setAttribute("aria-pressed", String(position === index));
    button.tabIndex = position === Math.max(0, index) ? 0 : -1;
  });
}

function show(index) {
  const failure = data.failures[index];
  const count = draw(new Set(failure.takes));
  press(index);
  const list = document.createElement("ul");
  for (const [claim, outcome] of Object.entries(failure.outcomes)) {
    list.append(claimLine(claim, outcome));
  }
  panel.replaceChildren(element("h2", "", `Lost: ${failure.label}`), count, list);
  if (location.hash !== `#failure-${index}`) history.replaceState(null, "", `#failure-${index}`);
}

/** A counter-example may be several failures at once. */
function showExample(button) {
  const text = JSON.parse(button.dataset.text);
  const lost = button.dataset.domains
    .split(" ")
    .flatMap((domain) => data.takes[domain] ?? [Number(domain)]);
  const count = draw(new Set(lost));
  press(-1);
  panel.replaceChildren(
    element("h2", "", `Lost: ${text.label}`),
    count,
    element("p", "refuted", `✘ ${text.sentence}`),
    element("p", "fix", `Fix: ${text.fix}`),
  );
  panel.scrollIntoView({ block: "nearest" });
}

function move(from, step) {
  const next = Math.min(buttons.length - 1, Math.max(0, from + step));
  show(next);
  buttons[next].focus();
}

buttons.forEach((button, index) => {
  button.addEventListener("click", () => show(index));
  button.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -1e6, End: 1e6 };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    move(index, step);
  });
});

for (const button of document.querySelectorAll("button.show")) {
  button.addEventListener("click", () => showExample(button));
}

// A part of the picture stands for the failure that takes it and least else.
for (const part of parts) {
  const domain = Number(part.dataset.domain);
  const index = data.failures.findIndex((failure) => failure.domains.includes(domain));
  if (index >= 0) part.addEventListener("click", () => show(index));
}

const fromHash = /^#failure-(\d+)$/.exec(location.hash);
const start = fromHash ? Number(fromHash[1]) : data.first;
if (data.failures[start]) show(start);
document.documentElement.dataset.ready = "true";
