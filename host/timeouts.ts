/** How long a node is waited for, in seconds. */

/** Of silence, in a look: it says what it is at. */
export const READ_TIMEOUT = 60;
/** Of silence, in a transaction, which may wait for apt and for another one, each with bounds of its own. */
export const APPLY_TIMEOUT = 1800;
/** For a look in all, however much is said meanwhile: a drift run of many nodes waits for none of them longer. */
export const LOOK_LIMIT = 300;
