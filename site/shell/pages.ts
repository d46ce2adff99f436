import type { Page } from "../build/page.js";

/** The landing page. */
export async function pages(): Promise<Page[]> {
  return [
    {
      path: "",
      title: "seqgrad: train sequence models in this tab",
      description: "Train and run RNN, LSTM, GRU and Transformer models in Node and in the browser, offline, with no native dependency.",
      section: "home",
      script: "site/shell/home.tsx",
      body: `
      <h1>Train sequence models where your data is</h1>
      <p class="lead">seqgrad trains RNN, LSTM, GRU and Transformer models in Node and in this tab, offline, with no native dependency.</p>
      <div id="home"></div>
      <ul class="cards">
        <li class="card"><h2><a href="{root}lab/">Lab</a></h2><p>Train a model on your own file, and watch it learn.</p></li>
        <li class="card"><h2><a href="{root}inside/">Inside</a></h2><p>See gates, gradients and attention while a network trains.</p></li>
        <li class="card"><h2><a href="{root}notes/">Notes</a></h2><p>Read how sequence models work, with a network on every page.</p></li>
        <li class="card"><h2><a href="{root}docs/">Docs</a></h2><p>Install the package and look up every name.</p></li>
      </ul>
      <pre class="code"><code>npm install seqgrad</code></pre>`,
    },
  ];
}
