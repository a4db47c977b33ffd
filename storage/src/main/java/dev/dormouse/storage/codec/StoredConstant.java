package dev.dormouse.storage.codec;

/**
 * A stand-in for an enum's constant that was stored, where the enum is unknown or no longer has the
 * constant.
 *
 * @param name the stored name of the constant
 */
record StoredConstant(String name) {}
