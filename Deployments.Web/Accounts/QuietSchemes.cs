using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Deployments.Web.Accounts;

/// <summary>
/// Lets no scheme look at every request. ASP.NET would make each provider's handler anew for each download, only to
/// see that it is not a provider's answer; the page that the answer comes to asks the handler itself.
/// </summary>
sealed class QuietSchemes(IOptions<AuthenticationOptions> options) : AuthenticationSchemeProvider(options)
{
    public override Task<IEnumerable<AuthenticationScheme>> GetRequestHandlerSchemesAsync() =>
        Task.FromResult<IEnumerable<AuthenticationScheme>>([]);
}
