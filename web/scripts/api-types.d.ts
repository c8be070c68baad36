/** What the file must be. */
export function generate(): Promise<string>;
/** What it is. */
export function committed(): Promise<string>;
