// Blazor tells on its own element how the circuit is. The event does not bubble: it is seen on its way down only.
const readFor = 1500, askEvery = 3000;
let state = "hide", isAsking = false, isGoing = false;

function loadAnew() {
  if (isGoing) { return; }
  isGoing = true;
  document.getElementById("components-reconnect-modal").classList.add("components-reconnect-rejected");
  // The words stand for a moment; the server sends whoever is not signed in to the sign-in page.
  setTimeout(() => location.reload(), readFor);
}

// Blazor cannot tell a session that has ended from a server that is away: both refuse the connection. And it gives up asking at some time.
async function ask() {
  if (isAsking) { return; }
  isAsking = true;
  while (state !== "hide" && !isGoing) {
    await new Promise(resume => setTimeout(resume, askEvery));
    try {
      const answer = await fetch(location.href, { redirect: "manual", cache: "no-store" });
      if (state !== "hide" && (answer.type === "opaqueredirect" || (answer.ok && state === "failed"))) { loadAnew(); }
    } catch (failure) {
      console.info("The server is still away.", failure);
    }
  }
  isAsking = false;
}

document.addEventListener("components-reconnect-state-changed", event => {
  state = event.detail?.state ?? state;
  if (state === "rejected") { loadAnew(); }
  else if (state !== "hide") { ask(); }
}, true);
document.addEventListener("click", event => {
  if (event.target instanceof Element && event.target.closest("[data-reload]")) { location.reload(); }
});
