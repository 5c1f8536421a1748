/** Whether an update ended while a look was under way, by the times that backends keep. */
import { endedSince } from "../../cli/drift/underWay";

const began = new Date("2026-01-02T03:04:05.500Z");

test.each([
    ["ended before, by a folder's milliseconds", "2026-01-02T03:04:05.499Z", false],
    ["ended meanwhile", "2026-01-02T03:04:05.501Z", true],
    ["ended within the second, as whole seconds tell", "2026-01-02T03:04:05.000Z", true],
    ["ended in the second before, as whole seconds tell", "2026-01-02T03:04:04.000Z", false],
    ["a time that is none", "yesterday", false],
])("%s", (_, lastUpdate, expected) => {
    expect(endedSince(lastUpdate, began)).toBe(expected);
});
