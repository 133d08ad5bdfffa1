/** The map of the phone's pages: each feature's routes, in the order in which they are tried. */
import type { Route } from "../context";
import { call } from "./call";
import { decide } from "./decide";
import { exporting } from "./export";
import { fill } from "./fill";
import { locks } from "./locks";
import { me } from "./me";
import { pupil } from "./pupil";
import { pupils } from "./pupils";
import { records } from "./records";
import { round } from "./round";
import { school } from "./school";
import { signin } from "./signin";
import { sync } from "./sync";
import { today } from "./today";
import { unlock } from "./unlock";

export const routes: Route[] = [
  ...today,
  ...pupils,
  ...pupil,
  ...records,
  ...sync,
  ...signin,
  ...unlock,
  ...locks,
  ...school,
  ...me,
  ...exporting,
  ...fill,
  ...round,
  ...call,
  ...decide,
];
