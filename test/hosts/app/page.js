import { answer } from "./train.js";

answer().then(
  (losses) => (document.title = losses),
  (error) => (document.title = String(error)),
);
