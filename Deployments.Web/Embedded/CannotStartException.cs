namespace Deployments.Web.Embedded;

/// <summary>
/// The program cannot start, and its operator can do something about it. The message is written for the operator:
/// print it alone, without a stack trace, and exit with a code other than 0.
/// </summary>
public sealed class CannotStartException(string message, Exception? inner = null) : Exception(message, inner);
