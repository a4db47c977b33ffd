package dev.dormouse.storage;

/** A constant of an enum that is not known, or that has no such constant any more. */
record StoredConstant(String name) {}
