/** The encodings inside an fstab field: octal escapes for blanks, commas between options. */

/** `\040` and its like, by byte, so that escaped UTF-8 comes out whole; another backslash stays, as in libmount. */
export function decodeField(text: string): string {
    return text.replace(/(?:\\[0-3][0-7]{2})+/g, (escapes) =>
        Buffer.from(
            escapes
                .slice(1)
                .split("\\")
                .map((octal) => parseInt(octal, 8)),
        ).toString("utf8"),
    );
}

/** Escapes what would end the field, or make the line a comment. */
export function encodeField(text: string): string {
    return text.replace(/[ \t\n\r\\]|^#/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
}

/** Commas in double quotes do not separate: `context="system_u:object_r:tmp_t:s0:c1,c2"`. */
export function splitOptions(text: string): string[] {
    return text.match(/(?:"[^"]*"|[^,])+/g) ?? [];
}
