/**
 * The place of operands whose last elements do not fill a vector, and of what comes of them: 64 bytes, so that no loop has a second body for
 * its rest. Every thread has one of its own, from the end of the first page of memory down, in which static data take the start.
 */
export let rest: usize = 65536 - 64;
