// Everything works without this file. It keeps two figures fresh while a page is open, and decides nothing.

// The same rule as the server's (`chassis/texts.py`, `tests/chassis/words.json`): a token counts
// when it holds a letter or a digit.
const unseen = /[\u200B\u200C\u200D\u2060\uFEFF\u00AD\u180E]/g;
export function countWords(text) {
  const tokens = text.normalize("NFC").replace(unseen, "").split(/\s+/u);
  return tokens.filter((token) => /[\p{L}\p{N}]/u.test(token)).length;
}

// The same words as the server's (`chassis/instants.py`, `tests/chassis/left.json`): rounded down, never up.
export function sayLeft(milliseconds) {
  const minutes = Math.floor(milliseconds / 60000);
  if (milliseconds <= 0) return "";
  if (minutes < 1) return "less than a minute";
  const say = (n, word) => (n ? [`${n} ${word}${n === 1 ? "" : "s"}`] : []);
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
  if (days) return [...say(days, "day"), ...say(hours, "hour")].join(" ");
  return [...say(hours, "hour"), ...say(minutes % 60, "minute")].join(" ");
}

function watchCount(count) {
  const field = document.getElementById(count.dataset.wordsOf);
  let waiting;
  field?.addEventListener("input", () => {
    clearTimeout(waiting); // spoken once typing rests, not at each letter
    waiting = setTimeout(() => {
      const words = countWords(field.value);
      count.textContent = count.dataset.says.replace("#", words);
      count.classList.toggle("app-count--over", words > Number(count.dataset.most));
    }, 600);
  });
}

// Time left was true when the page was made; past a minute, say it anew. Never announced: it would
// interrupt. The server said how much was left, so a reader's wrong clock does no harm.
function watchTimeLeft(left) {
  const loaded = performance.now();
  const given = Number(left.dataset.milliseconds);
  setInterval(() => {
    const words = sayLeft(given - (performance.now() - loaded));
    left.textContent = words ? left.dataset.says.replace("#", words) : left.dataset.over;
  }, 60000);
}

if (typeof document !== "undefined") {
  document.querySelectorAll("[data-words-of]").forEach(watchCount);
  document.querySelectorAll("[data-milliseconds]").forEach(watchTimeLeft);
}
