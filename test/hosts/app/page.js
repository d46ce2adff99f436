import { train } from "./train.js";

train().then(
  (losses) => (document.title = JSON.stringify(losses)),
  (error) => (document.title = String(error)),
);
