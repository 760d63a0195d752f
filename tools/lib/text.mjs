/** Four spaces before each line, for what a command printed. */
export const indent = (text) => text.trimEnd().replaceAll(/^/gm, '    ');

/** A text as a part of a regular expression that stands for itself. */
export const escaped = (text) => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
