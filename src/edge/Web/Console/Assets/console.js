// Blazor says by an event how the circuit is; where it cannot come back the page is loaded anew, and the server sends whoever is not signed in to the sign-in page.
document.addEventListener("components-reconnect-state-changed", event => {
  if (event.detail?.state === "rejected") { location.reload(); }
});
document.addEventListener("click", event => {
  if (event.target instanceof Element && event.target.closest("[data-reload]")) { location.reload(); }
});
