package dev.dormouse.examples;

/** The program that serves the examples. */
public final class Examples {

  private Examples() {}

  /** Says what this is. */
  public static void main(String[] args) {
    System.out.println("Dormouse examples");
  }
}
