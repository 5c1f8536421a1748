/**
 * In the environment of the engine, which passes it on to its plugins: `1` where whoever started it reads data lines
 * (dataLine.ts).
 */
export const DATA_LINES = "HOLDFAST_DATA_LINES";
