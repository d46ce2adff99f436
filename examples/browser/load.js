// Loads the program and enables the button. Where that fails, the page says why, and the button stays disabled.
import("./train.js").catch((error) => {
  document.getElementById("device").textContent = "";
  document.getElementById("message").textContent = `This page cannot train: ${error.message}`;
  document.body.dataset.state = "failed";
});
