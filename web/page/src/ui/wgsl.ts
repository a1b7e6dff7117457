/** WGSL's grammar for highlight.js, which has none. */
import type { HLJSApi, Language } from 'highlight.js';

const KEYWORDS =
  'alias break case const const_assert continue continuing default diagnostic discard else enable fn for if let loop ' +
  'override requires return struct switch var while';

const TYPES =
  'array atomic bool f16 f32 i32 u32 mat2x2 mat3x3 mat4x4 ptr vec2 vec3 vec4 function private workgroup uniform storage ' +
  'read write read_write';

/** WGSL for highlight.js. */
export function wgsl(hljs: HLJSApi): Language {
  return {
    name: 'WGSL',
    keywords: { keyword: KEYWORDS, type: TYPES, literal: 'true false' },
    contains: [
      hljs.C_LINE_COMMENT_MODE,
      hljs.C_BLOCK_COMMENT_MODE,
      { scope: 'meta', match: /@\w+/ },
      { scope: 'number', match: /\b(0x[\da-fA-F]+|\d+(\.\d*)?([eE][+-]?\d+)?)[iufh]?\b/ },
      { scope: 'title.function', match: /\b\w+(?=\()/ },
    ],
  };
}
