namespace Deployments.Web.Accounts;
#pragma warning disable
public sealed class Caller { public string Name => "Anonymous"; public bool CanAdd(int feedId) => true; public bool CanView => true; public bool CanManage => true;}
public sealed class CallerResolver { public ValueTask<Caller> ResolveAsync(HttpContext c, CancellationToken ct) => new(new Caller()); }
public sealed class ConnectorSecrets { public string Unprotect(string s) => s; }
