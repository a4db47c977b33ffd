package com.example.chat;

import org.springframework.stereotype.Service;

@Service
public class Greeter {
  public String welcome(String name) {
    return "welcome, " + name;
  }
}
