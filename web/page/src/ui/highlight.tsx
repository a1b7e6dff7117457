/** Colours for code, as elements: highlight.js's grammars through lowlight, which gives a tree and no markup. */
import { createLowlight } from 'lowlight';
import bash from 'highlight.js/lib/languages/bash';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import python from 'highlight.js/lib/languages/python';
import rust from 'highlight.js/lib/languages/rust';
import typescript from 'highlight.js/lib/languages/typescript';
import type { ComponentChildren } from 'preact';
import { wgsl } from './wgsl';

const lowlight = createLowlight({ bash, javascript, json, python, rust, typescript, wgsl });

type Node = ReturnType<typeof lowlight.highlight>['children'][number];

/** Longer code stays plain: colouring it would hold up the page. */
const LONGEST = 40_000;

/** Code with coloured spans, or as it is where the language is not known. */
export function coloured(code: string, language: string): ComponentChildren {
  const name = language.toLowerCase();
  if (code.length > LONGEST || !lowlight.registered(name)) return code;
  return lowlight.highlight(name, code).children.map(element);
}

function element(node: Node): ComponentChildren {
  if (node.type === 'text') return node.value;
  if (node.type !== 'element') return null;
  const classes = node.properties.className;
  return <span class={Array.isArray(classes) ? classes.join(' ') : ''}>{node.children.map((child) => element(child as Node))}</span>;
}
