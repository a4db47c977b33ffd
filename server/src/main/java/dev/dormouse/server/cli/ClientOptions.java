package dev.dormouse.server.cli;

import static dev.dormouse.server.cli.ServerCommand.with;

import dev.dormouse.server.gateway.edge.ProxyProtocol;
import dev.dormouse.server.gateway.edge.TrustedProxies;
import dev.dormouse.server.gateway.limits.GatewayOptions;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/**
 * Holds the options about clients: the origins of their pages, the proxies that report their
 * addresses, and the longest heads of requests.
 */
final class ClientOptions {
  @Option(
      names = "--allowed-origins",
      paramLabel = "ORIGIN",
      split = ",",
      description =
          "The origins of web pages that may connect, besides the server's own"
              + " pages, such as https://example.org, separated by commas. Origins of"
              + " apps are capacitor://localhost, file:// or null. A single * allows"
              + " every origin. Default: none")
  private List<String> allowedOrigins = List.of();

  @Option(
      names = "--hosts",
      paramLabel = "NAME",
      split = ",",
      description =
          "The server's own names, such as example.org and *.example.org, separated"
              + " by commas. Requests for other names are answered 421, except those for"
              + " IP addresses and localhost. A single * allows every name. Default:"
              + " every name, but none for browsers on this machine")
  private List<String> hosts = List.of();

  @Option(
      names = "--trusted-proxies",
      paramLabel = "ADDRESS",
      split = ",",
      description =
          "The addresses and ranges (10.0.0.0/8, fd00::/8) of proxies whose headers"
              + " Forwarded and X-Forwarded-* the server trusts, separated by commas."
              + " Default: none")
  private List<String> trustedProxies = List.of();

  @Option(
      names = "--proxy-protocol",
      paramLabel = "MODE",
      defaultValue = "off",
      converter = ModeConverter.class,
      description = {
        "Whether connections of the trusted proxies begin with a PROXY header,"
            + " version 1 or 2. Default: ${DEFAULT-VALUE}",
        "  off       they have none",
        "  optional  they may have one",
        "  required  they must have one, and only these proxies can connect"
      })
  private ProxyProtocol proxyProtocol = ProxyProtocol.OFF;

  @Option(
      names = "--max-request-line",
      paramLabel = "BYTES",
      defaultValue = "8192",
      description =
          "The longest first line of a request, with its URL, 8000 to 1048576"
              + " bytes. A longer line is answered 414. Default: ${DEFAULT-VALUE}")
  private int maxRequestLine;

  @Option(
      names = "--max-headers",
      paramLabel = "BYTES",
      defaultValue = "8192",
      description =
          "The most bytes of all headers of a request, 1024 to 1048576. A request"
              + " with more is answered 431. Default: ${DEFAULT-VALUE}")
  private int maxHeaders;

  /** Returns the options of a gateway with these options added. */
  GatewayOptions in(CommandLine line, GatewayOptions gateway) {
    GatewayOptions options =
        with(
            line,
            "--trusted-proxies",
            gateway,
            o -> o.trustedProxies(TrustedProxies.of(stripped(trustedProxies))));
    if (proxyProtocol != ProxyProtocol.OFF && options.trustedProxies().isEmpty()) {
      throw new ParameterException(
          line,
          "--proxy-protocol needs --trusted-proxies: only these proxies may send PROXY headers");
    }
    options = with(line, "--hosts", options, o -> o.hosts(Set.copyOf(stripped(hosts))));
    options = with(line, "--max-request-line", options, o -> o.requestLineBytesMax(maxRequestLine));
    options = with(line, "--max-headers", options, o -> o.headersBytesMax(maxHeaders));
    return with(
            line,
            "--allowed-origins",
            options,
            o -> o.allowedOrigins(Set.copyOf(stripped(allowedOrigins))))
        .proxyProtocol(proxyProtocol);
  }

  private static List<String> stripped(List<String> entries) {
    return entries.stream().map(String::strip).toList();
  }

  /** Converts {@code off}, {@code optional} and {@code required}. */
  static final class ModeConverter implements ITypeConverter<ProxyProtocol> {
    @Override
    public ProxyProtocol convert(String text) {
      return switch (text.strip().toLowerCase(Locale.ROOT)) {
        case "off" -> ProxyProtocol.OFF;
        case "optional" -> ProxyProtocol.OPTIONAL;
        case "required" -> ProxyProtocol.REQUIRED;
        default ->
            throw new TypeConversionException("'" + text + "' is not off, optional or required");
      };
    }
  }
}
