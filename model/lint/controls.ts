/** Text of strangers, as a terminal may be given it. */

/**
 * Control characters (ESC, BEL, CR, C1) and whatever turns the direction of writing as `\x1b`, `\u202e`: what stands in
 * a node's file must not steer the terminal it is shown on, nor hide from its reader. Tabs and newlines stay.
 */
export function showControls(text: string): string {
    return text.replace(/(?![\t\n])[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, (found) => {
        const code = found.charCodeAt(0);
        return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
    });
}
