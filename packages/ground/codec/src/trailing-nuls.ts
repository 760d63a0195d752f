/**
 * A text without the NUL characters that programs in C leave behind it. A loop: the
 * regular expression for it looks from every NUL to the end, and a megabyte of them
 * that another character ends would take minutes.
 */
export function withoutTrailingNuls(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end--;
  return text.slice(0, end);
}
