/** Something that no peer may ever see of the side that is attacked. */
export class Finding extends Error {}
