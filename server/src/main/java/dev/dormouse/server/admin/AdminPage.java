package dev.dormouse.server.admin;

import io.vertx.ext.web.Router;

/** Answers some of the requests to the admin port. */
public interface AdminPage {

  /**
   * Adds the routes of this page; {@link AdminAccess} has refused unwanted requests before they
   * come here.
   */
  void mount(Router router);
}
