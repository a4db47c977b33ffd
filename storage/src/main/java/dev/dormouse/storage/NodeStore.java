package dev.dormouse.storage;

/**
 * All that a node stores: the rows of actors, and the folder that they lie in. Code that needs only
 * one of the two is handed only that one.
 */
public interface NodeStore extends ActorStore, StoreFolder {}
