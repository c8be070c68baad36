/** The name in an address by which every computer means itself ("localhost", 127.0.0.1, [::1]); null: the address names a computer. */
export const localNameIn = (address: string): string | null => /^[a-z]+:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(?=[:/]|$)/i.exec(address)?.[1] ?? null;
