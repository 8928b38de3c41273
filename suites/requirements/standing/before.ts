/**
 * The requirements that counted when flips began to be counted, on 2026-11-26. They rest on the runs of each night and each
 * change before that, which nobody counted; no new one is added here.
 */
export const settledBefore: ReadonlySet<string> = new Set(
  [
    "S1 S3 S5 B1 B2 B3 B4 B5 B7 M1 M3 M4 M5 M6 M7 M8 X1 X2 X3 X4 W1 W2 W3 W4 O1 C1 C2 B13 B14 M10 T1",
    "T2 T3 T4 T5 T6 T7 T7b T8 V1 V2 V3 V4 V5 V5b P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P10b P11 P12 B8 B9",
    "B10 B11 W6 X5a X5b X6 X7 X8a X8b M11 M14 M16 W5 X10a X10b I1 I2 I3 I4 I5 I6 I7 I8 I9 I10 E1 E2",
    "E3 E4 E5 G1 G2 G3 G4 G5 G6 G7 G8 G9 G10 G11 B12 R6b M13 R7 R7b R8 R9 X9a X9b R10 R1 R2 R3 R4 R5",
    "R11 R6 D1 CNM-1 CNM-2 CNM-3 CNM-4 CNM-5 CNM-5b CNM-5c CNM-6 CNM-7 CNM-7b CNM-8 CNM-9 CNM-10",
    "CNM-11 CNM-11b CNM-12 CNM-13 CNM-13b CNM-14 CNM-15 CNM-15b CNM-15c CNM-15d CNM-16 CNM-17 CNM-18",
    "CNM-19 CNM-20 CNM-20b CNM-21 CNM-22 CNM-23 CNM-23b CNM-23c CNM-24 CNM-24b CNM-24c CNM-25 CNM-26",
    "CNM-27 CNM-27b CNM-28 CNI-1 CNI-2a CNI-2b CNI-2c CNI-3a CNI-3b CNI-3c CNI-3d CNI-4a CNI-4b",
    "CNI-5a CNI-5b CNI-5c CNI-5d CNI-5e CNI-6a CNI-6b CNI-6c CNI-7 CNI-8 CNI-9a CNI-9b CNI-9c CNI-10a",
    "CNI-10b CNI-10c CNI-10d CNI-11a CNI-11b CNI-11c CNI-11d CNI-11e CNI-11f CNI-11g CNI-11h CNI-12a",
    "CNI-12b CNI-13a CNI-13b CNI-13c CNI-13d CNI-13e CNI-14a CNI-14b CNI-14c CNI-14d CNI-15a CNI-15b",
    "CNI-15c CNI-15d CNI-16a CNI-16b CNI-16c CNI-17a CNI-17b CNI-20a CNI-20b CNI-20c CNI-21 CNI-18a",
    "CNI-18b CNI-18c CNI-18d CNI-19",
  ].flatMap((line) => line.split(" ")),
);
