import { render } from "preact";
import { Demo } from "../sandbox/demo.js";
import "../sandbox/demo.css";
import "./docs.css";

/** Makes each example a program that can be changed and run. */
for (const element of document.querySelectorAll<HTMLElement>(".example[data-program]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = "Run this example";
  button.addEventListener("click", () => {
    const place = document.createElement("div");
    element.replaceWith(place);
    render(<Demo code={element.dataset.program ?? ""} controls={[]} autoStart />, place);
  });
  element.append(button);
}
