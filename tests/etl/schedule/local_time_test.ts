import assert from "node:assert/strict";
import {
  clock,
  localTime,
  nextClockChange,
  offsetMinutes,
  offsetName,
} from "../../../etl/schedule/local_time.ts";

const WINTER = new Date("2026-11-22T15:31:34.567Z");
const SUMMER = new Date("2026-07-01T00:00:00Z");

Deno.test("a time of day in UTC is that of the zone, also of half hours and where the day is another", () => {
  const cases: [string, Date, string, string, string][] = [
    ["UTC", WINTER, "00:30", "00:30", "UTC+00:00"],
    ["Europe/Berlin", WINTER, "00:30", "01:30", "UTC+01:00"],
    ["Europe/Berlin", SUMMER, "00:30", "02:30", "UTC+02:00"],
    ["Asia/Kolkata", WINTER, "00:30", "06:00", "UTC+05:30"],
    ["Asia/Kathmandu", WINTER, "00:30", "06:15", "UTC+05:45"],
    ["America/New_York", WINTER, "00:30", "19:30", "UTC-05:00"],
    ["America/St_Johns", WINTER, "00:05", "20:35", "UTC-03:30"],
    ["Pacific/Kiritimati", WINTER, "23:50", "13:50", "UTC+14:00"],
    ["Pacific/Marquesas", WINTER, "09:00", "23:30", "UTC-09:30"],
    ["Australia/Lord_Howe", SUMMER, "00:30", "11:00", "UTC+10:30"],
  ];
  for (const [zone, at, utc, local, name] of cases) {
    const offset = offsetMinutes(zone, at);
    assert.deepEqual([clock(localTime(utc, offset)), offsetName(offset)], [local, name], zone);
  }
});

Deno.test("the next change of a clock is found to the minute, and none where there is none", () => {
  const change = (zone: string, from: Date) => {
    const found = nextClockChange(zone, from);
    return found && [found.at.toISOString(), found.before, found.after];
  };
  assert.deepEqual(change("Europe/Berlin", WINTER), ["2027-03-28T01:00:00.000Z", 60, 120]);
  assert.deepEqual(change("Europe/Berlin", SUMMER), ["2026-10-25T01:00:00.000Z", 120, 60]);
  assert.deepEqual(change("America/New_York", WINTER), ["2027-03-14T07:00:00.000Z", -300, -240]);
  assert.deepEqual(change("Australia/Lord_Howe", SUMMER), ["2026-10-03T15:30:00.000Z", 630, 660]);
  const justBefore = new Date("2027-03-28T00:59:59.999Z");
  assert.deepEqual(change("Europe/Berlin", justBefore), ["2027-03-28T01:00:00.000Z", 60, 120]);
  assert.equal(change("Asia/Kathmandu", WINTER), undefined);
  assert.equal(change("UTC", WINTER), undefined);
});
