// Blazor tells on its own element how the circuit is. The event does not bubble: it is seen on its way down only.
const readFor = 1500, askEvery = 5000;
let isGoing = false;

function loadAnew() {
  if (isGoing) { return; }
  isGoing = true;
  document.getElementById("components-reconnect-modal").classList.add("components-reconnect-rejected");
  // The words stand for a moment; the server sends whoever is not signed in to the sign-in page.
  setTimeout(() => location.reload(), readFor);
}

async function waitForServer() {
  try {
    if ((await fetch("assets/console.js", { method: "HEAD", cache: "no-store" })).ok) { loadAnew(); return; }
  } catch (failure) {
    console.info("The server is still away.", failure);
  }
  setTimeout(waitForServer, askEvery);
}

document.addEventListener("components-reconnect-state-changed", event => {
  // The server does not know the circuit any more; or Blazor has given up asking, and the page is loaded once somebody answers.
  if (event.detail?.state === "rejected") { loadAnew(); }
  if (event.detail?.state === "failed") { waitForServer(); }
}, true);
document.addEventListener("click", event => {
  if (event.target instanceof Element && event.target.closest("[data-reload]")) { location.reload(); }
});
