// Start URLs and regions as people type and paste them.
import { describe, expect, test } from 'vitest';
import { isSameStartUrl, parseRegion, parseStartUrl } from '../../../src/core/aws/start-url.ts';

describe('a start URL', () => {
  const D = 'https://d-1234567890.awsapps.com/start';
  test.each([
    [D, D],
    ['  https://d-1234567890.awsapps.com/start/ ', D],
    ['https://d-1234567890.awsapps.com/start#/', D],
    ['https://d-1234567890.awsapps.com/start/#/?tab=accounts', D],
    ['https://d-1234567890.awsapps.com/start/#/device?user_code=ABCD-EFGH', D],
    ['https://d-1234567890.awsapps.com', D],
    ['<https://D-1234567890.awsapps.com/start>', D],
    ['"https://d-1234567890.awsapps.com/start"', D],
    ['d-1234567890.awsapps.com', D],
    ['d-1234567890.awsapps.com/start', D],
    ['d-1234567890', D],
    ['my-company', 'https://my-company.awsapps.com/start'],
    ['https://my-company.awsapps.com/start', 'https://my-company.awsapps.com/start'],
    // GovCloud and China have the directory in the path.
    ['https://start.us-gov-home.awsapps.com/directory/acme', 'https://start.us-gov-home.awsapps.com/directory/acme'],
  ])('%s is %s', (typed, startUrl) => {
    expect(parseStartUrl(typed)).toEqual({ startUrl, isAws: true });
  });

  test.each([
    [
      'https://ssoins-7223a1b2c3d4e5f6.portal.eu-central-1.app.aws',
      'https://ssoins-7223a1b2c3d4e5f6.portal.eu-central-1.app.aws',
      'eu-central-1',
    ],
    [
      'https://ssoins-7223a1b2c3d4e5f6.portal.us-east-1.app.aws/',
      'https://ssoins-7223a1b2c3d4e5f6.portal.us-east-1.app.aws',
      'us-east-1',
    ],
    [
      'https://start.cn-north-1.home.awsapps.cn/directory/d-1',
      'https://start.cn-north-1.home.awsapps.cn/directory/d-1',
      'cn-north-1',
    ],
    [
      'https://start.us-gov-west-1.us-gov-home.awsapps.com/directory/d-1#/',
      'https://start.us-gov-west-1.us-gov-home.awsapps.com/directory/d-1',
      'us-gov-west-1',
    ],
  ])('%s contains its region', (typed, startUrl, region) => {
    expect(parseStartUrl(typed)).toEqual({ startUrl, isAws: true, region });
  });

  test("of a company's own host is taken, and told apart", () => {
    expect(parseStartUrl('https://sso.acme.example/start')).toEqual({
      startUrl: 'https://sso.acme.example/start',
      isAws: false,
    });
    expect(parseStartUrl('https://awsapps.com.evil.example/start')).toMatchObject({ isAws: false });
  });

  test.each([
    ['', /empty/],
    ['  ', /empty/],
    ['http://d-1234567890.awsapps.com/start', /begins with https/],
    ['ftp://d-1234567890.awsapps.com/start', /begins with https/],
    ['javascript:alert(1)', /is not a web address/],
    ['what is this', /is not a web address/],
    ['https://localhost/start', /is not a web address/],
    ['https://user:secret@d-1234567890.awsapps.com/start', /must not contain a user name or password/],
    ['https://eu-west-1.console.aws.amazon.com/singlesignon', /is the AWS console/],
    ['https://signin.aws.amazon.com/', /is the AWS console/],
    ['https://device.sso.us-east-1.amazonaws.com/', /page where you enter a code/],
    ['https://oidc.us-east-1.amazonaws.com', /API server, not a start page/],
  ])('%s is refused with the reason', (typed, reason) => {
    expect(() => parseStartUrl(typed)).toThrow(reason);
  });
});

describe('two spellings', () => {
  const URL_OF_PORTAL = 'https://d-1234567890.awsapps.com/start';

  test.each([
    `${URL_OF_PORTAL}/`,
    `${URL_OF_PORTAL}#/`,
    `${URL_OF_PORTAL}/#/`,
    `${URL_OF_PORTAL}//#`,
    'https://D-1234567890.AWSAPPS.com/start',
    'HTTPS://d-1234567890.awsapps.com:443/start#/saml/custom',
  ])('%s is the same portal', (spelling) => {
    expect([isSameStartUrl(URL_OF_PORTAL, spelling), isSameStartUrl(spelling, URL_OF_PORTAL)]).toEqual([true, true]);
  });

  test.each([
    'https://d-1234567890.awsapps.com',
    'https://d-1234567890.awsapps.com/START',
    'https://d-1234567890.awsapps.com/start/x',
    'https://d-1234567890.awsapps.com/start?x',
    'https://d-1234567890.awsapps.com:444/start',
    'https://d-1234567891.awsapps.com/start',
    'http://d-1234567890.awsapps.com/start',
    'd-1234567890.awsapps.com/start',
    '',
  ])('%s is a different one', (other) => {
    expect(isSameStartUrl(URL_OF_PORTAL, other)).toBe(false);
  });
});

describe('a region', () => {
  test.each([
    ['us-east-1', 'us-east-1'],
    [' EU-Central-1 ', 'eu-central-1'],
    ['us-gov-west-1', 'us-gov-west-1'],
    ['ap-southeast-2 (Sydney)', 'ap-southeast-2'],
    ['eusc-de-east-1', undefined],
  ])('%s is %s', (typed, region) => {
    expect(parseRegion(typed)).toBe(region ?? typed);
  });

  test.each(['', 'Frankfurt', 'us-east-1a', 'us_east_1', 'us-east-1.evil.example', 'eu-central'])(
    '%s is none',
    (typed) => {
      expect(() => parseRegion(typed)).toThrow(/is not a region/);
    },
  );
});
