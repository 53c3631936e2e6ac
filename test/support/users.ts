/** A user who owns nothing here. */
export const NOBODY = 65_534;

/** A test in which something is another user's: only root can make it so. */
export const asRoot = process.getuid?.() === 0 ? test : test.skip;
